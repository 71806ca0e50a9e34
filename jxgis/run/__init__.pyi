from .check_command import run_check
from .commands import run_demo, run_part, run_report
from .init import init_project
from .project import Project, open_project

__all__ = [
    "Project",
    "init_project",
    "open_project",
    "run_check",
    "run_demo",
    "run_part",
    "run_report",
]
