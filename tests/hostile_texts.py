"""Texts that nobody would write, by what is wrong with them."""

HOSTILE = {
    "empty": "",
    "white space": " \t\r\n\u2028\u00a0\x1c\x85",
    "one token": "good",
    "a break alone": "<br /><br>",
    "a megabyte": "good bad " * 111_000,
    "one endless word": "x" * 1_000_000,
    "endless digits": "1." * 500_000,
    "endless brackets": "<br " * 250_000,
    "nul": "good\0bad",
    "control": "\x1b[31mgood\x07\x9b2J\x7f",
    "right to left": "\u202egood\u2066bad\u200f",
    "a script": "<script>alert('good')</script><img src=x onerror=alert(1)>",
    "a formula": "=cmd|' /C calc'!A0 +1 -good @SUM(A1)",
    "invalid utf-8, replaced": b"good \xff\xfe\xc3".decode(errors="replace"),
    "beyond the first plane": "\U0001f600\U000e0041 good",
    "combining": "e\u0301" * 1000 + "\u0300" * 1000,
    "padding": "<pad> <unk>",
}
