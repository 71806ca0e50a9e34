"""What a table is: the columns of every input layer and every result, declared once, and what is made of it."""
