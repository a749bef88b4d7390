require ["variables", "fileinto"];
fileinto "${elbonia.x}";
