require "include";
include "deep0";
