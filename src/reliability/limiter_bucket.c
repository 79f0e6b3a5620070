#include "reliability/limiter_gate.h"

void cl_bucket_init(cl_bucket *bucket, int64_t unit, int64_t rate, int64_t most)
{
    bucket->unit = unit;
    bucket->rate = rate;
    bucket->cap = cl_gate_mul(unit, most);
    bucket->level = bucket->cap;
    bucket->at = 0;
    bucket->peak_count = 0;
}

/* Where there is no room, two neighbours become the higher of them, which can only make less be given back. */
static void merge_nearest(cl_bucket *bucket)
{
    size_t nearest = 0;

    for (size_t i = 1; i + 1 < bucket->peak_count; i++) {
        if (bucket->peaks[i].level - bucket->peaks[i + 1].level <
            bucket->peaks[nearest].level - bucket->peaks[nearest + 1].level)
            nearest = i;
    }
    bucket->peaks[nearest].grant = bucket->peaks[nearest + 1].grant;
    bucket->peak_count--;
    for (size_t i = nearest + 1; i < bucket->peak_count; i++)
        bucket->peaks[i] = bucket->peaks[i + 1];
}

/* Lower ones that came before say nothing more. */
static void note_peak(cl_bucket *bucket, uint64_t grant, int64_t level)
{
    while (bucket->peak_count > 0 && bucket->peaks[bucket->peak_count - 1].level <= level)
        bucket->peak_count--;
    if (bucket->peak_count > 0 && bucket->peaks[bucket->peak_count - 1].grant == grant)
        return;
    if (bucket->peak_count == CL_GATE_PEAKS)
        merge_nearest(bucket);
    bucket->peaks[bucket->peak_count++] = (cl_gate_peak){grant, level};
}

/* The last one is of now, and after every grant. */
static int64_t peak_since(const cl_bucket *bucket, uint64_t grant)
{
    size_t i = bucket->peak_count - 1;

    while (i > 0 && bucket->peaks[i - 1].grant >= grant)
        i--;
    return bucket->peaks[i].level;
}

void cl_bucket_advance(cl_bucket *bucket, int64_t now, uint64_t grant)
{
    if (now > bucket->at) {
        int64_t level = cl_gate_add(bucket->level, cl_gate_mul(now - bucket->at, bucket->rate));
        bucket->level = level < bucket->cap ? level : bucket->cap;
        bucket->at = now;
    }
    note_peak(bucket, grant, bucket->level);
}

int64_t cl_bucket_wait(const cl_bucket *bucket, int64_t need)
{
    int64_t want = cl_gate_mul(need, bucket->unit);
    int64_t missing;

    if (bucket->level >= want)
        return 0;
    missing = cl_gate_sub(want, bucket->level);
    return missing / bucket->rate + (missing % bucket->rate > 0);
}

/*
 * Had less been taken, all levels since would have been higher by that, as long as none runs over. So the highest one
 * since the grant says how much is to be had; and who comes after is told the levels as they would have been.
 */
void cl_bucket_give(cl_bucket *bucket, int64_t n, uint64_t grant)
{
    int64_t units = cl_gate_mul(n, bucket->unit);
    int64_t room = cl_gate_sub(bucket->cap, peak_since(bucket, grant));
    size_t kept = 0;

    if (room <= 0)
        return;
    units = units < room ? units : room;
    for (size_t i = 0; i < bucket->peak_count; i++) {
        cl_gate_peak peak = bucket->peaks[i];
        if (peak.grant >= grant)
            peak.level += units;
        while (kept > 0 && bucket->peaks[kept - 1].level <= peak.level)
            kept--;
        bucket->peaks[kept++] = peak;
    }
    bucket->peak_count = kept;
    bucket->level += units;
}

void cl_bucket_lower(cl_bucket *bucket, int64_t most)
{
    int64_t level = most < 0 ? -cl_gate_mul(cl_gate_sub(0, most), bucket->unit) : cl_gate_mul(most, bucket->unit);

    if (bucket->level <= level)
        return;
    bucket->level = level;
    bucket->peak_count = 0;
}
