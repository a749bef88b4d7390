require "include";
include "../secret";
