/*
 * function_members.h - members of a FunctionConfiguration, in their order.
 */
#ifndef ONPUT_TESTS_FUNCTION_MEMBERS_H
#define ONPUT_TESTS_FUNCTION_MEMBERS_H

#define MEMBERS_BEFORE_STATE                                                                       \
    "FunctionName,FunctionArn,Runtime,Role,Handler,CodeSize,Description,Timeout,MemorySize,"       \
    "LastModified,CodeSha256,Version,TracingConfig,RevisionId"
#define MEMBERS_OF_PACKAGE   "PackageType,Architectures,EphemeralStorage,SnapStart"
#define MEMBERS_BEHIND_STATE MEMBERS_OF_PACKAGE ",RuntimeVersionConfig,LoggingConfig"

#define MEMBERS_CREATING                                                                           \
    MEMBERS_BEFORE_STATE ",State,StateReason,StateReasonCode," MEMBERS_BEHIND_STATE
#define MEMBERS_STORED MEMBERS_BEFORE_STATE ",State,LastUpdateStatus," MEMBERS_BEHIND_STATE
#define MEMBERS_UPDATING                                                                           \
    MEMBERS_BEFORE_STATE                                                                           \
    ",State,LastUpdateStatus,LastUpdateStatusReason,"                                              \
    "LastUpdateStatusReasonCode," MEMBERS_BEHIND_STATE
#define MEMBERS_LISTED MEMBERS_BEFORE_STATE "," MEMBERS_OF_PACKAGE ",LoggingConfig"

#endif
