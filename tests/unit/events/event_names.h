/*
 * event_names.h - every event name that MinIO's last community release writes, then the names that
 * only AWS, RustFS, Ceph or versitygw write, each with the kind that it is.
 */
#ifndef ONPUT_TESTS_EVENT_NAMES_H
#define ONPUT_TESTS_EVENT_NAMES_H

#include "onput/event.h"

static const struct {
    const char *name;
    enum event_kind kind;
} EVENT_NAMES[] = {
    {"s3:ObjectCreated:Put", EVENT_KIND_CREATED},
    {"s3:ObjectCreated:Post", EVENT_KIND_CREATED},
    {"s3:ObjectCreated:Copy", EVENT_KIND_CREATED},
    {"s3:ObjectCreated:CompleteMultipartUpload", EVENT_KIND_CREATED},
    {"s3:ObjectCreated:PutRetention", EVENT_KIND_OTHER},
    {"s3:ObjectCreated:PutLegalHold", EVENT_KIND_OTHER},
    {"s3:ObjectCreated:PutTagging", EVENT_KIND_OTHER},
    {"s3:ObjectCreated:DeleteTagging", EVENT_KIND_OTHER},
    {"s3:ObjectAccessed:Get", EVENT_KIND_OTHER},
    {"s3:ObjectAccessed:Head", EVENT_KIND_OTHER},
    {"s3:ObjectAccessed:GetRetention", EVENT_KIND_OTHER},
    {"s3:ObjectAccessed:GetLegalHold", EVENT_KIND_OTHER},
    {"s3:ObjectAccessed:Attributes", EVENT_KIND_OTHER},
    {"s3:ObjectRemoved:Delete", EVENT_KIND_REMOVED},
    {"s3:ObjectRemoved:DeleteMarkerCreated", EVENT_KIND_REMOVED},
    {"s3:ObjectRemoved:DeleteAllVersions", EVENT_KIND_REMOVED},
    {"s3:ObjectRemoved:NoOP", EVENT_KIND_REMOVED},
    {"s3:Replication:OperationFailedReplication", EVENT_KIND_OTHER},
    {"s3:Replication:OperationCompletedReplication", EVENT_KIND_OTHER},
    {"s3:Replication:OperationNotTracked", EVENT_KIND_OTHER},
    {"s3:Replication:OperationMissedThreshold", EVENT_KIND_OTHER},
    {"s3:Replication:OperationReplicatedAfterThreshold", EVENT_KIND_OTHER},
    {"s3:ObjectRestore:Post", EVENT_KIND_OTHER},
    {"s3:ObjectRestore:Completed", EVENT_KIND_OTHER},
    {"s3:ObjectTransition:Failed", EVENT_KIND_OTHER},
    {"s3:ObjectTransition:Complete", EVENT_KIND_OTHER},
    {"s3:Scanner:ManyVersions", EVENT_KIND_OTHER},
    {"s3:Scanner:LargeVersions", EVENT_KIND_OTHER},
    {"s3:Scanner:BigPrefix", EVENT_KIND_OTHER},
    {"s3:LifecycleDelMarkerExpiration:Delete", EVENT_KIND_REMOVED},
    {"s3:BucketCreated:*", EVENT_KIND_OTHER},
    {"s3:BucketRemoved:*", EVENT_KIND_OTHER},
    /* AWS and RustFS */
    {"s3:ObjectTagging:Put", EVENT_KIND_OTHER},
    {"s3:ObjectTagging:Delete", EVENT_KIND_OTHER},
    {"s3:ObjectAcl:Put", EVENT_KIND_OTHER},
    {"s3:ObjectRestore:Delete", EVENT_KIND_OTHER},
    {"s3:LifecycleExpiration:Delete", EVENT_KIND_REMOVED},
    {"s3:LifecycleExpiration:DeleteMarkerCreated", EVENT_KIND_REMOVED},
    {"s3:LifecycleTransition", EVENT_KIND_OTHER},
    {"s3:IntelligentTiering", EVENT_KIND_OTHER},
    {"s3:ReducedRedundancyLostObject", EVENT_KIND_OTHER},
    /* Ceph */
    {"s3:ObjectLifecycle:Expiration:Current", EVENT_KIND_REMOVED},
    {"s3:ObjectLifecycle:Expiration:Noncurrent", EVENT_KIND_OTHER},
    {"s3:ObjectLifecycle:Expiration:DeleteMarker", EVENT_KIND_OTHER},
    {"s3:ObjectLifecycle:Expiration:AbortMPU", EVENT_KIND_OTHER},
    {"s3:ObjectLifecycle:Transition:Current", EVENT_KIND_OTHER},
    {"s3:ObjectLifecycle:Transition:Noncurrent", EVENT_KIND_OTHER},
    {"s3:ObjectSynced:Create", EVENT_KIND_OTHER},
    {"s3:ObjectSynced:Delete", EVENT_KIND_OTHER},
};

#endif
