require ["include", "variables"];
set "global.count" "1";
if true { return; }
set "global.count" "2";
