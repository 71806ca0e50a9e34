"""Hot spots of issues: where, whether by chance, of which class."""
