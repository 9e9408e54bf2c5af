"use strict";
// Folds letters that count as the same in a search: core/names.same_letters, for the browser.
const SAME_LETTERS = {
  "\u0671": "\u0627", "\u0649": "\u064a", "\u06cc": "\u064a", "\u06a9": "\u0643", "\u0629": "\u0647", "\u06c1": "\u0647",
  "\u06be": "\u0647", "\u06d5": "\u0647", "\u0621": "", "\u0640": "",
  "ı": "i", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "ß": "ss",
};
const sameLetters = (text) =>
  [...text.normalize("NFKC").toLowerCase().normalize("NFKD")]
    .map((sign) => SAME_LETTERS[sign] ?? sign)
    .join("")
    .replace(/(?=\p{Mn})[\p{sc=Zinh}\p{sc=Arab}\p{sc=Hebr}]|\p{Cf}/gu, "")
    // The last four bits of an Arabic or Persian digit are its value.
    .replace(/[٠-٩۰-۹]/g, (digit) => digit.charCodeAt(0) & 15);
