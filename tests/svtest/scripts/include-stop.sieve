require ["include", "fileinto"];
include "stop";
fileinto "x";
