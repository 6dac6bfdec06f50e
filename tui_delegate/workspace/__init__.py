"""Where everything is wired together: profiles to servers, agents to seats, a prompt to a run.

Only this room knows both the engine and what stands behind its ports. `seats` is a whole workspace, for runs
on an event loop; `errands` is the small one of a verb that makes a call and ends.
"""
