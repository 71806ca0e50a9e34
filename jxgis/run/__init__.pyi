from .check_command import run_check
from .commands import counted, run_demo, run_part, run_report
from .compare_command import compare_results, run_compare
from .count_command import run_count, run_count_cities
from .cycle_command import run_cycle
from .init import init_project
from .inputs import require_layer
from .project import Project, open_project
from .verify_command import run_verify

__all__ = [
    "Project",
    "compare_results",
    "counted",
    "init_project",
    "open_project",
    "require_layer",
    "run_check",
    "run_compare",
    "run_count",
    "run_count_cities",
    "run_cycle",
    "run_demo",
    "run_part",
    "run_report",
    "run_verify",
]
