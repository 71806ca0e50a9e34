"""The report as a document: a text that a planner can edit, with every figure a named field, as .docx and as .pdf.

``fields`` are the figures by name, ``wording`` reads the text and fills it in, ``model`` is what both files are made of, and
``word`` and ``pdf`` write them.
"""
