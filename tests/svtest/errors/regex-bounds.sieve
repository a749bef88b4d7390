require "regex";
if header :regex "a" "((b{40}){40})" { keep; }
