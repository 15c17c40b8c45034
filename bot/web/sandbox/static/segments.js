/* How many parts a text message takes on the air (3GPP TS 23.038 and 23.040). */

const BASIC = new Set(
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà",
);
const EXTENDED = new Set("^{}\\[~]|€\f"); // two septets each
const ONE = { "GSM-7": 160, "UCS-2": 70 };
const EACH = { "GSM-7": 153, "UCS-2": 67 }; // the rest of a long one's part is its header

/** {encoding, units, parts}: one letter or digit outside GSM-7 makes the whole message UCS-2. */
export function segments(text) {
  const characters = [...text];
  const plain = characters.every((c) => BASIC.has(c) || EXTENDED.has(c));
  const encoding = plain ? "GSM-7" : "UCS-2";
  const sizes = characters.map((c) => (plain ? (EXTENDED.has(c) ? 2 : 1) : c.length));
  const units = sizes.reduce((sum, size) => sum + size, 0);
  return { encoding, units, parts: units <= ONE[encoding] ? 1 : partsOf(sizes, EACH[encoding]) };
}

/** Parts of a long message; a character of two units is not torn apart. */
function partsOf(sizes, room) {
  let [count, left] = [1, room];
  for (const size of sizes) {
    if (size > left) [count, left] = [count + 1, room];
    left -= size;
  }
  return count;
}
