# Computes tables.json by scipy 1.17.1, statsmodels 0.15.0 and numpy 2.4.6: python3 tables.py
import json, numpy as np
from scipy import stats
from scipy.stats import fisher_exact, hypergeom
from statsmodels.stats.proportion import proportion_confint, confint_proportions_2indep
rng=np.random.default_rng(5)
out={'fisher':[], 'stratified':[], 'wilson':[], 'newcombe':[], 'quantile':[], 'shift':[]}
for _ in range(25):
    no,nc=int(rng.integers(1,400)),int(rng.integers(1,400)); fo,fc=int(rng.integers(0,no//3+1)),int(rng.integers(0,nc//3+1))
    p=fisher_exact([[fc,nc-fc],[fo,no-fo]],alternative='greater')[1]
    out['fisher'].append([no,fo,nc,fc,p])
for _ in range(15):
    k=int(rng.integers(2,20)); st=[]
    dist=np.array([1.0]); off=0; S=0; least=1.0
    for _ in range(k):
        no,nc=int(rng.integers(1,30)),int(rng.integers(1,30)); fo,fc=int(rng.integers(0,no+1)),int(rng.integers(0,nc+1))
        st.append([no,fo,nc,fc]); S+=fc
        lo,hi=max(0,nc+fo+fc-no-nc),min(nc,fo+fc)
        pm=hypergeom.pmf(np.arange(lo,hi+1),no+nc,fo+fc,nc)
        dist=np.convolve(dist,pm); off+=lo; least*=pm[-1]
    p=float(dist[max(0,S-off):].sum())
    out['stratified'].append([st,p,float(least)])
z=1.644854
for _ in range(20):
    n=int(rng.integers(1,600)); f=int(rng.integers(0,n+1))
    lo,hi=proportion_confint(f,n,alpha=2*(1-stats.norm.cdf(z)),method='wilson')
    out['wilson'].append([f/n,n,lo,hi])
for _ in range(20):
    no,nc=int(rng.integers(5,400)),int(rng.integers(5,400)); fo,fc=int(rng.integers(0,no+1)),int(rng.integers(0,nc+1))
    lo,hi=confint_proportions_2indep(fc,nc,fo,no,method='newcomb',compare='diff',alpha=2*(1-stats.norm.cdf(z)))
    out['newcombe'].append([no,fo,nc,fc,lo,hi])
for _ in range(10):
    x=[float(round(v,3)) for v in rng.normal(50,10,int(rng.integers(1,40)))]; q=float(round(rng.random(),3))
    out['quantile'].append([x,q,float(np.quantile(x,q))])
for _ in range(8):
    a=[float(round(v,3)) for v in rng.lognormal(3,.3,int(rng.integers(10,40)))]; b=[float(round(v,3)) for v in rng.lognormal(3.1,.3,int(rng.integers(10,40)))]
    d=np.sort(np.subtract.outer(np.log(b),np.log(a)).ravel()); m,n=len(a),len(b)
    k=max(1,int(np.floor(m*n/2-z*np.sqrt(m*n*(m+n+1)/12))))
    out['shift'].append([a,b,float(np.exp(np.median(d))),float(np.exp(d[k-1])),float(np.exp(d[m*n-k]))])
json.dump(out, open('tables.json', 'w'))
import scipy, statsmodels; print(scipy.__version__, statsmodels.__version__, np.__version__)
