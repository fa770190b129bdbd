-- SPDX-License-Identifier: ISC
-- 0005_placeholder -- nothing; the number is another's, and they go in order.

select 1;
