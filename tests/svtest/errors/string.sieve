keep; redirect "abc;
