from .folder import Folder, read_folder
from .page import write_page
from .result import ResultComparison, compare_folders

__all__ = ["Folder", "ResultComparison", "compare_folders", "read_folder", "write_page"]
