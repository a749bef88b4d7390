redirect "nobody in particular";
