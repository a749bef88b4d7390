require "replace";
replace :from "nobody at all" "x";
