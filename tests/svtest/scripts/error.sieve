require "ihave";
error "my own words";
