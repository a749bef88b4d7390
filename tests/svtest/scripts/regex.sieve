require "regex";
if header :regex "subject" "((a|aa|aaa)*)*[bc]" { keep; }
