var e=class extends Error{constructor(t){super(t);this.reason=t}},o=class extends Error{};export{e as a,o as b};
