from g2u.study import Study

open = Study
