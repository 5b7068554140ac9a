"""The relations, one small file each: a function ``checks`` from a paper to its checks."""
