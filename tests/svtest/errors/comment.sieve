keep; /* abc
