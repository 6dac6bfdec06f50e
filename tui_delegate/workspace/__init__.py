"""Where everything is wired together: profiles to servers, agents to seats, a prompt to a run.

Only this room knows both the engine and what stands behind its ports.
"""

from tui_delegate.core.choice import Choice
from tui_delegate.workspace.seats import Workspace

__all__ = ["Choice", "Workspace"]
