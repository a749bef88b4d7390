if header :comparator "i;elbonia" "a" "b" { keep; }
