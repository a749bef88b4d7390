require "envelope";
if envelope "notify" "b" { keep; }
