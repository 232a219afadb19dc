var n=["patient","guardian","attorney"],o=(t,e)=>!!(t?.asks?.consent&&!e.consent&&(t.state==="paired"||t.state==="waiting"));export{n as a,o as b};
