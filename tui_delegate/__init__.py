"""A manager model hands bounded tasks to worker models. The version lives here and nothing else."""

__version__ = "0.3.0"
