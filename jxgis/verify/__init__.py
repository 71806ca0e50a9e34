"""What the files of a result hold, value by value, and where two results differ.

``contents`` reads a file, which may come from anywhere, as tables; ``compared`` sets those of two files side by side.
"""
