"""The report: a workbook and a page from the result tables.

``tables``: what a report is made of; ``columns``: titles, words and number formats of columns; ``methods``: how each
figure was measured and over what; ``workbook``: report.xlsx and scores.xlsx; ``page``: index.html.
"""
