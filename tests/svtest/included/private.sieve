require "variables";
set "private" "theirs";
