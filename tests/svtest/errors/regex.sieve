require "regex";
if header :regex "a" "(b" { keep; }
