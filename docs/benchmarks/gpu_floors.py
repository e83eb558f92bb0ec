"""Floors of a BYOL step on an H200: for each operation the longer of bytes over bandwidth and products over the matrix rate."""
BW=4.8e12; RATE={'bf16':790e12,'tf32':400e12,'fp32':60e12}
def resnet50(n,hw=224):
    L=[]  # name,(n,h,w,c),(oh,ow,k),kernel,stride
    L.append(('stem',hw,3,64,7,2)); h=hw//2; h//=2; c=64
    for g,(blocks,mid) in enumerate([(3,64),(4,128),(6,256),(3,512)]):
        for b in range(blocks):
            s=2 if (b==0 and g>0) else 1
            L.append((f'l{g+1}.1x1a',h,c,mid,1,1)); L.append((f'l{g+1}.3x3',h,mid,mid,3,s))
            L.append((f'l{g+1}.1x1b',h//s,mid,mid*4,1,1))
            if b==0: L.append((f'l{g+1}.down',h,c,mid*4,1,s))
            h//=s; c=mid*4
    return L,c
def resnet18c(n,hw=32):
    L=[('stem',hw,3,64,3,1)]; h=hw; c=64
    for g,mid in enumerate([64,128,256,512]):
        for b in range(2):
            s=2 if (b==0 and g>0) else 1
            L.append((f'l{g+1}.3x3a',h,c,mid,3,s)); h//=s
            L.append((f'l{g+1}.3x3b',h,mid,mid,3,1))
            if s==2: L.append((f'l{g+1}.down',h*2,c,mid,1,2))
            c=mid
    return L,c
def step(net,n,prec,hid=4096,out=256):
    e=2 if prec=='bf16' else 4
    L,c=net(n)
    groups={}
    tot_ops=0;tot_conv=0;tot_bn=0
    for name,h,ci,co,k,s in L:
        o=h//s; cp=8 if ci==3 else ci
        fl=2*n*o*o*co*cp*k*k
        x=n*h*h*cp*e; y=n*o*o*co*e; w=co*cp*k*k*e
        def t(b): return max(fl/RATE[prec],b/BW)
        fwd=t(x+y+w); dg=0 if name=='stem' else t(x+y+w); wg=t(x+y+w)
        conv=2*(2*fwd+dg+wg)          # two views: online fwd, target fwd, dgrad, wgrad
        # bn: moments read x; normalize read x (+res), write y ; backward: sums read x,dy ; apply read x,dy write dx
        bnf=3*y/BW; bnb=5*y/BW
        res = y/BW if name.endswith('1x1b') or name.endswith('3x3b') else 0
        bn=2*(2*(bnf+res)+bnb+ (3*y/BW if res else 0))
        g=name.split('.')[0]; a=groups.setdefault(g,[0,0,0]); a[0]+=conv*1e3; a[1]+=bn*1e3; a[2]+=1
        tot_conv+=conv; tot_bn+=bn
    heads=0
    for (i,o,p) in [(c,hid,1),(hid,out,1),(out,hid,0),(hid,out,0)]:
        fl=2*n*i*o; b=(n*i+n*o+i*o)*e; t=max(fl/RATE[prec],b/BW); heads+=2*((2 if p else 1)*t+2*t)
    params=sum(co*(ci)*k*k for _,h,ci,co,k,s in L)+c*hid+hid*out*2+out*hid
    opt=params*4*(3+2+3+1)/BW   # update reads g,m,p writes m,p ; ema
    pack=2*params*(4+e)/BW
    t=tot_conv+tot_bn+heads+opt+pack
    print(f"{net.__name__} n={n} {prec}: conv {tot_conv*1e3:.2f} ms, bn+relu+residual {tot_bn*1e3:.2f}, heads {heads*1e3:.2f}, optimizer {opt*1e3:.2f}, packing {pack*1e3:.2f}: {t*1e3:.2f} ms, {n/t:.0f} img/s")
    for g,a in groups.items(): print(f"   {g}: conv {a[0]:.2f} bn {a[1]:.2f}")
    return t
for n in (64,128,256):
    for p in ('bf16','tf32'): step(resnet50,n,p)
for p in ('bf16','tf32'): step(resnet18c,512,p)
