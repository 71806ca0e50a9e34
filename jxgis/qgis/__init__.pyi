from .looks import Class, Has, Look, look_of
from .markup import VERSION, expression, options, qml, quoted, sld, written
from .project import write_project

__all__ = [
    "VERSION",
    "Class",
    "Has",
    "Look",
    "expression",
    "look_of",
    "options",
    "qml",
    "quoted",
    "sld",
    "write_project",
    "written",
]
