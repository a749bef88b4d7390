frop;
keep "x";
if header "a" { stop; }
redirect ["a@b.example"];
keep;
