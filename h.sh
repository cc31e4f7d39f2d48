pv () 
{ 
    p "/api/$1?preview" "{\"target\":\"main\",\"params\":$2}" | node -e "let s='';process.stdin.on('data',d=>s+=d).on('end',()=>{const l=s.trim().split('\n');const j=JSON.parse(l[0]);console.log(l[1], j.detail||'', JSON.stringify(j.guards||j.errors||'').slice(0,400));for(const st of j.plan||[])console.log('   ',st.lock,'|',st.sql.replace(/\s+/g,' ').slice(0,700));if(j.blocks)console.log('   blocks:',j.blocks)})"
}
