"""What a table is: the columns of every input layer, declared once."""
