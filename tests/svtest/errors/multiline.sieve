redirect text:
abc
..
