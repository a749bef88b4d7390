require "date";
if date "date" "aeon" "1" { keep; }
