var e=class extends Error{constructor(o){super(o);this.reason=o}};export{e as a};
