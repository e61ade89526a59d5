"""The gallery: every question with its pictures and answers, in a page that opens offline."""
