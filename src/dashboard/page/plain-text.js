/** Characters that change the direction of what follows them: by them a name or a message could rearrange the words around it. */
const directions = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

/**
 * A text as it is shown: what would change directions is a sign that it was there.
 *
 * @param {string} text
 */
export const plainText = (text) => text.replace(directions, '\ufffd')
