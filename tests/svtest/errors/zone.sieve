require "date";
if date :zone "CET" "date" "year" "1" { keep; }
